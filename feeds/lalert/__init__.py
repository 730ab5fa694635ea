"""L-Alert (公共情報コモンズ): PCXML inside an EDXL-DE wrapper, read to and written from municipal reports."""
