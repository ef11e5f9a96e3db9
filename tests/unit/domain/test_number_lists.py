"""Lists as CRMs, diallers and spreadsheets export them: the right column, or nothing at all."""

import pytest

from agent.domain.list_headings import worth_of
from agent.domain.number_lists import NumberList, read_number_list
from agent.errors import FileError


def read(text: str | bytes, country: str | None = "BE", column: str | None = None) -> NumberList:
    data = text if isinstance(text, bytes) else text.encode()
    return read_number_list(data, "list.csv", country=country, column=column)


def numbers(found: NumberList) -> list[str]:
    return [str(row.number) for row in found.rows]


JAN = "+32470123456"

UNDERSTOOD = [
    # What a CRM, HubSpot, Salesforce, VICIdial and people at an office write.
    ("Record ID,First Name,Phone Number\n27123456,Jan,+32470123456\n", "Phone Number"),
    ("number,name,phone_number\n470000001,Jan,+32470123456\n", "phone_number"),
    ("Id;Telefoon werk;Mobiel nummer\n1;02/601.05.00;0470 12 34 56\n", "Mobiel nummer"),
    ("Kunden-Nr.;Name;Handynummer\n27123456;Jan;0032 470 123456\n", "Handynummer"),
    ("N° client;Nom;Numéro de téléphone\n27123456;Jan;0470/12.34.56\n", "Numéro de téléphone"),
    ("Name,Phone Type,Phone,Fax\nJan,home,0470123456,026010500\n", "Phone"),
    ("contactId,mobilePhone\n27123456,+32470123456\n", "mobilePhone"),
    ("MSISDN\n32470123456\n", "MSISDN"),
    ("number\n0470123456\n", "number"),
    ("Exported 29/11/2026\n\nname|G.S.M.\nJan|0470123456\n", "G.S.M."),
    # What Excel in Belgium saves.
    ("phone_number;name\n0470123456;Jan\n", "phone_number"),
    ("sep=;\r\nphone_number;name\r\n0470123456;Jan\r\n", "phone_number"),
    ('"sep=,"\nphone_number,name\n0470123456,Jan\n', "phone_number"),
    ("phone_number\tname\n0470123456\tJan\n", "phone_number"),
    ('naam;gsm\n"Peeters; Jan, ""Jef""";0470123456\n', "gsm"),
    ('gsm;adres\n0470123456;"Dorp 1\n1000 Brussel"\n', "gsm"),
    ("naam;gsm\nRené;0470123456\n".encode("cp1252"), "gsm"),
    ("naam\tgsm\nRené\t0470123456\n".encode("utf-16"), "gsm"),
    ("\ufeffgsm,naam\r0470123456,Jan\r", "gsm"),
    ("gsm\n'0470123456\n", "gsm"),
    ("gsm\n32470123456.0\n", "gsm"),
    ('gsm\n="0470123456"\n', "gsm"),
    # No heading, or one that nobody knows, above what is plainly a number.
    ("+32470123456\n", "column 1"),
    ("Kolom1;naam\n0470123456;Jan\n", "column 1"),
]


@pytest.mark.parametrize(("text", "column"), UNDERSTOOD, ids=range(len(UNDERSTOOD)))
def test_the_column_with_the_number_is_found_and_named(text: str | bytes, column: str) -> None:
    found = read(text)
    assert (numbers(found), found.column) == ([JAN], column)


NOT_UNDERSTOOD = [
    ("Record ID,First Name\n27123456,Jan\n", "BE"),
    ("Record ID,First Name\n27123456,Jan\n", "DK"),  # where that is somebody's number
    ("klant,bedrag\n26010500,10\n26010501,20\n", "DK"),
    ("Peeters;+32470123456\n", "BE"),
    ("name;address\nJan;Brussels\n", "BE"),
    ("id\n27123456\n27123457\n", "BE"),
    ("<html><body>Not Found</body></html>\n", "BE"),
    ('{"phone": "+32470123456"}\n', "BE"),
    ("phone_number\n" + "\n".join(f"+3247012{n:04}" for n in range(20)), "BE"),
]


@pytest.mark.parametrize(("text", "country"), NOT_UNDERSTOOD, ids=range(len(NOT_UNDERSTOOD)))
def test_a_file_that_is_not_understood_is_refused_whole(text: str, country: str) -> None:
    with pytest.raises(FileError, match=r"no heading is known|look like ids"):
        read(text, country)


def test_a_refused_file_shows_its_first_lines() -> None:
    with pytest.raises(FileError) as refused:
        read("Record ID;First Name\n27123456;Jan\n\n27123457;An\n27123458;Eva\n")
    assert (
        "it begins: Record ID; First Name | 27123456; Jan | 27123457; An; write phone_number above"
        in str(refused.value)
    )
    assert "Eva" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("tel\n04 78 12 34 56\n", "FR", "+33478123456"),
        ("tel\n04 78 12 34 56\n", "BE", "+32478123456"),
        ("vendor_lead_code,list_id,phone_code,phone_number\nA1,101,33,478123456\n", "BE",
         "+33478123456"),
        ("phone_code,phone_number\n+33,0478123456\n", "BE", "+33478123456"),
        ("phone_code,phone_number\n0033,33478123456\n", "BE", "+33478123456"),
        ("country,phone\nFrance,04 78 12 34 56\n", "BE", "+33478123456"),
        ("phone,pays\n04 78 12 34 56,FR\n", "BE", "+33478123456"),
        ("phone;Land\n030 901820;Duitsland\n", "BE", "+4930901820"),
        ("phone;country\n+33478123456;BE\n", "BE", "+33478123456"),
    ],
    ids=range(9),
)  # fmt: skip
def test_the_country_is_the_rows_own_else_the_files(text: str, country: str, number: str) -> None:
    assert numbers(read(text, country)) == [number]


def test_without_a_country_national_numbers_are_refused_line_by_line() -> None:
    found = read("phone\n0470123456\n+32470123456\n", country=None)
    assert numbers(found) == [JAN]
    assert [(row.line, row.written) for row in found.refused] == [(2, "0470123456")]
    assert "its country is not known" in found.refused[0].why


def test_every_row_is_accounted_for() -> None:
    found = read(
        "Tel;GSM\n"
        ";0470123456\n"
        "02/601.05.00;\n"  # the better column is empty: the other one counts
        "\n"
        ";+32 470 12 34 56\n"
        ";4,7E+08\n"
        ";470123457\n"
        ";O470123456\n"
        "x\n"
        ";0479202020 / 0470123456\n"
    )
    assert [(row.line, row.number, row.also) for row in found.rows] == [
        (2, JAN, ()),
        (3, "+3226010500", ()),
        (10, "+32479202020", ()),
    ]
    assert found.repeated == ((5, 2),)
    assert [(row.line, row.written) for row in found.refused] == [
        (6, "4,7E+08"),
        (7, "470123457"),
        (8, "O470123456"),
        (9, "x"),
    ]
    assert found.read == 8
    assert found.headings == ("Tel", "GSM")


@pytest.mark.parametrize("heading", ["phone\n", ""])
def test_a_column_of_codes_and_numbers_without_a_plus_is_read_as_such(heading: str) -> None:
    found = read(f"{heading}33478123456\n32470123456\n")
    assert numbers(found) == ["+33478123456", JAN]
    # One that is none makes all of them doubtful: German numbers can be as long.
    mixed = read("phone\n33478123456\n32470123456\n0479202020\n")
    assert [row.line for row in mixed.refused] == [2]


def test_ten_digits_are_not_taken_for_a_countrys_code() -> None:
    assert numbers(read("phone\n2125550123\n", country="US")) == ["+12125550123"]


def test_both_numbers_of_a_cell_are_kept() -> None:
    (row,) = read("phone\n0470123456 / 0479202020\n").rows
    assert (row.number, row.also) == (JAN, ("+32479202020",))


def test_the_column_may_be_named() -> None:
    text = "GSM,Contact\n0479202020,0470123456\n"
    assert numbers(read(text, column="contact")) == [JAN]
    with pytest.raises(FileError, match="no heading is 'phone'"):
        read(text, column="phone")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "holds nothing"),
        (b"\n\n ; ;\n", "holds nothing"),
        (b'phone\n"0470123456\n', "list.csv:2: is not CSV"),
        (b"PK\x03\x04xl/workbook.xml", "a workbook"),
        (b"phone\n0470\x00123456\n", "list.csv:2: holds a NUL byte"),
        (b"phone\n" + b"x;" * 150 + b"\n", "columns, 100 are read"),
    ],
    ids=range(6),
)
def test_what_is_no_table_is_refused_in_words(data: bytes, says: str) -> None:
    with pytest.raises(FileError, match=says):
        read(data)


def test_a_file_may_be_too_large() -> None:
    with pytest.raises(FileError, match="has 12 bytes, 10 are read"):
        read_number_list(b"phone\n047012", "list.csv", country="BE", max_bytes=10)


@pytest.mark.parametrize(
    "heading",
    ["phone_code", "Phone Type", "Fax", "Country code", "Do not call date", "Record ID", "Email",
     "E-mail", "Nom", "Straat + nr", "Code postal", "Postnummer", "Kundennummer", ""],
)  # fmt: skip
def test_a_heading_of_something_else_is_not_taken_for_a_phone_number(heading: str) -> None:
    assert worth_of(heading) is None
