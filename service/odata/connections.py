"""Files that open the feed in Power BI and Excel. They hold its address and no key: that is asked for. Pure."""

import json
from html import escape
from typing import Final

PBIDS: Final = "connect.pbids"
ODC: Final = "connect.odc"
MEDIA: Final = {PBIDS: "application/json", ODC: "text/x-ms-odc; charset=utf-8"}
FILES: Final = {PBIDS: "pouls.pbids", ODC: "pouls.odc"}
_NAME = "Pouls"
_SELECT = "SELECT * FROM [Pouls]"


def pbids(root: str) -> str:
    """For Power BI Desktop."""
    details = {"protocol": "odata", "address": {"url": root}}
    connection = {"details": details, "options": {}, "mode": "Import"}
    return json.dumps({"version": "0.1", "connections": [connection]}, indent=2, ensure_ascii=False) + "\n"


def odc(root: str) -> str:
    """For Excel: a query for Power Query, which starts with the table of scores."""
    address = root.replace('"', '""')
    formula = (
        f'let\n    Source = OData.Feed("{address}", null, [Implementation="2.0"]),\n'
        '    Scores = Source{[Name="Scores",Signature="table"]}[Data]\nin\n    Scores'
    )
    mashup = (
        '<Mashup xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xmlns="http://schemas.microsoft.com/DataMashup"><Client>EXCEL</Client><Version>2.70.5494.761</Version>'
        "<MinVersion>2.21.0.0</MinVersion><Culture>en-US</Culture><SafeCombine>true</SafeCombine><Items>"
        f'<Query Name="{_NAME}"><Formula>{escape(formula, quote=False)}</Formula>'
        '<IsParameterQuery xsi:nil="true" /><IsDirectQuery xsi:nil="true" /></Query></Items></Mashup>'
    )
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40">\n<head>\n'
        '<meta http-equiv="Content-Type" content="text/x-ms-odc; charset=utf-8" />\n'
        '<meta name="ProgId" content="ODC.Database" />\n<meta name="SourceType" content="OLEDB" />\n'
        f"<title>{_NAME}</title>\n"
        '<xml id="msodc"><odc:OfficeDataConnection xmlns:odc="urn:schemas-microsoft-com:office:odc"'
        ' xmlns="http://www.w3.org/TR/REC-html40">\n'
        ' <odc:PowerQueryConnection odc:Type="OLEDB">\n'
        "  <odc:ConnectionString>Provider=Microsoft.Mashup.OleDb.1;Data Source=$Workbook$;"
        f"Location={_NAME};Extended Properties=&quot;&quot;</odc:ConnectionString>\n"
        "  <odc:CommandType>SQL</odc:CommandType>\n"
        f"  <odc:CommandText>{_SELECT}</odc:CommandText>\n"
        " </odc:PowerQueryConnection>\n"
        f" <odc:PowerQueryMashupData>{escape(mashup)}</odc:PowerQueryMashupData>\n"
        "</odc:OfficeDataConnection>\n</xml>\n</head>\n<body></body>\n</html>\n"
    )
