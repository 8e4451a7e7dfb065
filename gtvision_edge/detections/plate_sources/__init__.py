"""How each camera's plate readings are to be understood, and from where and on what proof they are believed."""
