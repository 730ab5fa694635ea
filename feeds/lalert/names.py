"""The namespaces of an L-Alert document, and what its words are.

The body's namespace carries a version that has changed several times; elements are told by their names.
Structure: the examples that the Foundation for MultiMedia Communications published for 公共情報コモンズ.
"""

EDXL = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
COMMONS = "http://xml.publiccommons.ne.jp/xml/edxl/"
PCX = "http://xml.publiccommons.ne.jp/pcxml1/3"
ELEMENTS = "http://xml.publiccommons.ne.jp/pcxml1/elementBasis3/"
HEAD = "http://xml.publiccommons.ne.jp/pcxml1/informationBasis3/"
EVACUATION = "http://xml.publiccommons.ne.jp/pcxml1/body/evacuation3"
SHELTER = "http://xml.publiccommons.ne.jp/pcxml1/body/shelter3"

ROOT = f"{{{EDXL}}}EDXLDistribution"
FEED = "l-alert"
KIND = "L-Alert"

# The wrapper's distributionType, in the words of municipal reports.
TYPES = {"Report": "発表", "Update": "更新", "Cancel": "取消"}
EVACUATION_BODY, SHELTER_BODY = "EvacuationOrder", "Shelter"
EVERYWHERE = "全域"
