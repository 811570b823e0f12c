"""How each database says what our trees mean: one file each, called by `shared.sql.render`."""
