"""Reading people's own pictures: picture in, Reading out."""
