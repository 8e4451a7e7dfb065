"""Asks cameras that cannot push for their plate readings, and holds the connection (Intelbras and Dahua, ``snapManager.cgi``)."""
