"""What every page has around its content."""

from chargen.pages.frame import frame


def test_a_heading_is_shown_as_text_and_the_style_is_added():
    page = frame("<a> & b", "<p>body</p>", style="p { color: red; }")
    assert "<title>&lt;a&gt; &amp; b</title>" in page
    assert "<body>\n<main>\n<h1>&lt;a&gt; &amp; b</h1>\n<p>body</p></main>\n</body>" in page
    assert "color-scheme: light dark" in page
    assert "p { color: red; }</style>" in page
    assert 'name="viewport" content="width=device-width"' in page


def test_facts_and_names_of_strangers_are_shown_and_do_nothing():
    page = frame("Report", "", name="<x>\u202e", facts=[("Text", "<b>\x1b\udcff"), ("Model", None)])
    assert r"<title>&lt;x&gt;\u202e: Report</title>" in page
    assert r"<dt>Text</dt><dd><bdi>&lt;b&gt;\x1b\udcff</bdi></dd>" in page
    assert "Model" not in page
