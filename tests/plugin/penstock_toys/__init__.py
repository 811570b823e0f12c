"""A package of somebody else's, with things of its own for Penstock: put this folder's parent on the path, and they are there."""
