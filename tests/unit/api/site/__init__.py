"""What the site of the API's tests is made of, by part."""
