"""What every page has around its content."""

from chargen.pages.frame import frame


def test_a_title_is_shown_as_text_and_the_style_is_added():
    page = frame("<a> & b", "<p>body</p>", style="p { color: red; }")
    assert "<title>&lt;a&gt; &amp; b</title>" in page
    assert "<body>\n<p>body</p></body>" in page
    assert "color-scheme: light dark" in page
    assert "p { color: red; }</style>" in page
    assert 'name="viewport" content="width=device-width"' in page
