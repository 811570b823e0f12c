"""The Spring Expression Language: text to a tree with places, and from there, by the types of the columns, to SQL."""
