"""Great Expectations judges the rows; what fails is set aside."""
