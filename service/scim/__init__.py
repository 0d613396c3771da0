"""The SCIM 2.0 face of people: what a directory (Entra, Okta and others) says of persons and groups."""
