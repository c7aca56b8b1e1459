"""Heat maps: characters on coloured ground, as one SVG file."""

from xml.etree import ElementTree

from chargen.pages.heat_map import HeatMap, rows_of

_SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows, **settings):
    return ElementTree.fromstring(HeatMap("a < b", rows, **settings).to_svg())


def grounds(root):
    """The colour of each ground, how strong it is, and where it lies: its left side and width."""
    for each in root.findall(f"{_SVG}rect")[1:]:
        strength = float(each.get("fill-opacity"))
        yield each.get("fill"), strength, int(each.get("x")), int(each.get("width"))


def test_the_ground_of_a_character_is_its_number():
    root = drawn([("a heading", []), ("ab<d", [1, 1, 0, -0.5])], key={})
    assert list(grounds(root)) == [("#146eeb", 0.65, 16, 24), ("#eb6e0f", 0.325, 52, 12)]


def test_each_character_has_its_place():
    title, heading, row = drawn([("x y", []), ("\tö😀<\x07", [0] * 5)], key={}).iter(f"{_SVG}text")
    assert title.text == "a < b"
    assert (heading.text, heading.get("x")) == ("xy", "22 46")
    # The browser counts the face as two; what cannot be seen leaves its cell empty.
    assert (row.text, row.get("x")) == ("⇥ö😀<", "22 34 46 46 58")


def test_a_text_has_a_row_for_each_line_and_a_long_line_has_several():
    text = "short\n" + "x" * 100
    rows = rows_of(text, list(range(len(text))))
    assert [characters for characters, _ in rows] == ["short\n", "x" * 72, "x" * 28]
    assert [numbers[0] for _, numbers in rows] == [0, 6, 78]


def test_the_picture_of_units_over_a_text(make_checkpoint):
    import chargen

    picture = chargen.LanguageModel(make_checkpoint()).activations("ab\nba").picture((0, 0), (0, 1))
    said = [each.text for each in ElementTree.fromstring(picture.to_svg()).iter(f"{_SVG}text")]
    rows = ["layer0,unit0", "ab↵", "ba", "layer0,unit1", "ab↵", "ba"]
    assert said[:7] == ["Units over a text", *rows]
