"""From an xarray Dataset to a matplotlib Figure; nothing here simulates, reads or writes."""
