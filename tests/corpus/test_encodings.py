"""The table of encodings: texts in the languages that are written in them, of three lengths."""

import random

import pytest

from chargen.corpus.encodings import candidates, excerpt, in_words

# A paragraph of each language; its first words are the short text.
TEXTS = {
    "English": (
        "“Café,” she said, and didn’t smile. The fiancé – he’d waited since noon – looked at "
        "the naïve drawing on the wall: a crêpe, a cup, and “good morning” in his own hand. "
        "It cost £5."
    ),
    "French": (
        "Déjà l’été finit à la mer. Les élèves étaient rentrés; la forêt, très dense, "
        "cachait le vieux château où le garçon avait rêvé. Après le dîner, sa mère préparait "
        "un gâteau léger."
    ),
    "Portuguese": (
        "Não há pão na cozinha, disse a avó. Amanhã de manhã o irmão vai à vila e traz "
        "também maçãs. As crianças já estão à espera; a lição de história começa às três."
    ),
    "German": (
        "Grüße aus München schickt die Frau für ihre Brüder. Die Straße führt über die "
        "Brücke, und schöne alte Häuser stehen dort; natürlich müssen wir früh zurück, bevor "
        "es kühl wird."
    ),
    "Danish": (
        "På øen går børnene i skole, når isen er tyk. Mor køber brød og æbler, og far læser "
        "højt af en bog om små fugle, der flyver over åen. Det er så stille, at man hører "
        "sneen."
    ),
    "Polish": (
        "Gdzieś w małej wsi żył człowiek, który miał trzy córki. Najstarsza chciała zostać "
        "nauczycielką, średnia śpiewała, a najmłodsza już od świtu siedziała nad książką "
        "przy oknie."
    ),
    "Czech": (
        "Když přišel večer, děti ještě běhaly u řeky. Maminka vařila polévku a dědeček "
        "vyprávěl příběh o rytíři, který ztratil svůj štít. Všichni tiše poslouchali, i když "
        "venku začalo pršet."
    ),
    "Hungarian": (
        "Az öreg kőműves minden reggel fölkelt, és kávét főzött. Az udvaron két tyúk járt, a "
        "szomszéd fiú pedig már az iskolába sietett. Később eső jött, és az utcák üresek "
        "lettek."
    ),
    "Russian": (
        "Утром мы вышли из дома и пошли к реке. Вода была холодная, но дети всё равно "
        "купались. Старый рыбак смотрел на них, курил и рассказывал, как раньше ловили здесь "
        "больших щук."
    ),
    "Ukrainian": (
        "Вранці ми вийшли з хати й пішли до річки. Її вода була холодна, та діти все одно "
        "купалися. Старий рибалка дивився на них і розповідав, як колись тут ловили великих "
        "щук."
    ),
    "Bulgarian": (
        "Сутринта излязохме от къщата и тръгнахме към реката. Водата беше студена, но децата "
        "пак се къпеха. Старият рибар ги гледаше и разказваше как някога тук са ловили "
        "големи щуки."
    ),
    "Greek": (
        "Το πρωί βγήκαμε από το σπίτι και πήγαμε στο ποτάμι. Το νερό ήταν κρύο, αλλά τα "
        "παιδιά κολυμπούσαν. Ο γέρος ψαράς τα κοιτούσε και έλεγε ιστορίες για τη θάλασσα και "
        "τα καράβια."
    ),
    "Turkish": (
        "Sabahleyin evden çıktık ve ırmağa doğru yürüdük. Su soğuktu, ama çocuklar yine de "
        "yüzüyordu. Yaşlı balıkçı onlara bakıyor, eskiden burada ne büyük balıklar tuttuğunu "
        "anlatıyordu."
    ),
    "Hebrew": (
        "בבוקר יצאנו מהבית והלכנו אל הנהר. המים היו קרים, אבל הילדים שחו בכל זאת. הדייג הזקן "
        "הביט בהם וסיפר איך פעם תפסו כאן דגים גדולים."
    ),
    "Arabic": (
        "في الصباح خرجنا من البيت وذهبنا إلى النهر. كان الماء باردا، لكن الأطفال سبحوا فيه. "
        "نظر إليهم الصياد العجوز وحكى كيف كانوا يصطادون هنا أسماكا كبيرة."
    ),
    "Lithuanian": (
        "Rytą išėjome iš namų ir patraukėme prie upės. Vanduo buvo šaltas, bet vaikai vis "
        "tiek maudėsi. Senas žvejys žiūrėjo į juos ir pasakojo, kokias didžiules žuvis čia "
        "gaudydavo."
    ),
    "Thai": (
        "ตอนเช้าเราออกจากบ้านแล้วเดินไปที่แม่น้ำ น้ำเย็นมากแต่เด็กๆ ก็ยังลงเล่นน้ำ คนหาปลาแก่"
        "ๆ นั่งมองและเล่าเรื่องปลาตัวใหญ่ที่เคยจับได้"
    ),
    "Japanese": (
        "朝、私たちは家を出て川へ行きました。水は冷たかったけれど、子供たちは泳いでいました。"
        "年を取った漁師がそれを見ながら、昔ここで取れた大きな魚の話をしてくれました。"
    ),
    "Chinese": (
        "早上我们离开家，走到河边。水很冷，但是孩子们还是在游泳。老渔夫看着他们，说起以前在这"
        "里抓到的大鱼。后来下雨了，我们就回去了。"
    ),
    "Taiwanese": (
        "早上我們離開家，走到河邊。水很冷，但是孩子們還是在游泳。老漁夫看著他們，說起以前在這"
        "裡抓到的大魚。後來下雨了，我們就回去了。"
    ),
    "Korean": (
        "아침에 우리는 집을 나와 강으로 갔다. 물은 차가웠지만 아이들은 그래도 수영을 했다. "
        "늙은 어부가 그들을 보면서 예전에 여기서 잡은 큰 물고기 이야기를 들려주었다."
    ),
}
TABLE = [
    *(("cp1252", each) for each in ("English", "French", "Portuguese", "German", "Danish")),
    *(("cp1250", each) for each in ("Polish", "Czech", "Hungarian")),
    *(("iso-8859-2", each) for each in ("Polish", "Czech")),
    *(("cp1251", each) for each in ("Russian", "Ukrainian", "Bulgarian")),
    *(("iso-8859-5", each) for each in ("Russian", "Bulgarian")),
    ("koi8-r", "Russian"),
    ("koi8-u", "Ukrainian"),
    ("cp866", "Russian"),
    ("mac-cyrillic", "Russian"),
    ("cp1253", "Greek"),
    ("iso-8859-7", "Greek"),
    ("cp1254", "Turkish"),
    ("cp1255", "Hebrew"),
    ("cp1256", "Arabic"),
    ("cp1257", "Lithuanian"),
    ("cp874", "Thai"),
    ("cp932", "Japanese"),
    ("euc-jp", "Japanese"),
    ("gb18030", "Chinese"),
    ("big5", "Taiwanese"),
    ("cp949", "Korean"),
    ("mac-roman", "French"),
    ("cp437", "German"),
    ("cp850", "Portuguese"),
    ("cp852", "Polish"),
]
REFUSED_AT_MOST = 3  # of the short texts; longer ones are never refused


def found_in(text, encoding):
    """What is made of a text's bytes: the texts of the likely encodings."""
    return [each.text for each in candidates(text.encode(encoding))]


@pytest.mark.parametrize(("encoding", "language"), TABLE)
def test_a_paragraph_and_some_kilobytes_are_told_for_certain(encoding, language):
    paragraph = TEXTS[language]
    words = paragraph.split(" ")
    generator = random.Random(0)
    many = " ".join(" ".join(generator.sample(words, len(words))) for _ in range(12))
    for written in (paragraph, many):
        text = written.encode(encoding, "ignore").decode(encoding)  # some lack quotation marks
        assert found_in(text, encoding) == [text]


def test_a_few_words_are_right_or_refused():
    refused = []
    for encoding, language in TABLE:
        text = TEXTS[language].encode(encoding, "ignore").decode(encoding)
        words = text.split()[:3]
        text = " ".join(words) if len(words) == 3 else text[:6]
        likely = found_in(text, encoding)
        assert text in likely, (encoding, text)
        if likely != [text]:
            refused.append((encoding, text))
    assert len(refused) <= REFUSED_AT_MOST, refused


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"caf\xe9", "café"),
        (b"Caf\xe9 cr\xe8me\n", "Café crème\n"),
        (b"ROM\xc9O", "ROMÉO"),
        (b"didn\x92t", "didn’t"),
        (b"stra\xdfe", "straße"),
        (b"se\xf1or", "señor"),
        (b"la premi\xe8re fois", "la première fois"),  # by the word "la"
    ],
)
def test_a_word_in_a_western_language_is_cp1252(data, text):
    (found,) = candidates(data)
    assert (found.encoding, found.text) == ("cp1252", text)


def test_what_looks_like_no_text_is_none():
    assert candidates(bytes(range(1, 256)) * 8) == []
    assert candidates(random.Random(0).randbytes(4000).replace(b"\0", b"")) == []


def test_close_ones_are_shown_where_they_differ():
    assert in_words(candidates("minha mãe".encode("cp1252"))) == (
        "cp1252: “minha mãe” or cp1250: “minha măe”"
    )


def test_an_excerpt_is_of_whole_words_and_hides_nothing():
    text = "one two three four five six seven eight nine ten"
    assert excerpt(text, text.index("five")) == "“one two three four five six seven”"
    assert excerpt("a\x1b[2J\u202eb\n\n c", 1) == r"“a\x1b[2J\u202eb c”"
