"""Coverage-guided fuzz targets, one file each; `make fuzz SECONDS=600` runs them all, `FUZZ=recipe` one."""
