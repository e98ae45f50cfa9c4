"""Where theory and dynamics meet: parameter spaces, the sweep engine, the result store and the claims."""
