"""The OData 4.0 face of releases, for spreadsheets and BI tools; it owns no table."""
