//! What strangers may write where a name is expected: every text here tries to be more than a name.

/// How many there are.
pub const COUNT: usize = 44;

/// The longest name; without a place at which a line could be broken.
const LONG: usize = 500;

/// The texts. Those that could run something would set `window.hostile`.
pub fn hostile() -> [String; COUNT] {
    let long = ["x".repeat(LONG), "<b>".repeat(LONG / 3)];
    let short = [
        // Elements and what ends them.
        "<script>window.hostile=1</script>",
        "</script><script>window.hostile=1</script>",
        "<!--<script>",
        "<img src=x onerror=\"window.hostile=1\">",
        "<svg/onload=window.hostile=1>",
        "</td></table></section></main><h1>x",
        "</title><style>body{display:none}</style>",
        "<a href=\"javascript:window.hostile=1\">x</a>",
        "<![CDATA[x]]><?php x?>",
        "</svg></text><foreignObject><p>x",
        // Out of an attribute.
        "\" autofocus onfocus=\"window.hostile=1",
        "' onmouseover='window.hostile=1",
        "\"><b>x</b>",
        "`onclick=window.hostile=1`",
        "&lt;script&gt;&#60;b&#62;&quot;",
        "&amp;amp;",
        // Out of a text of a program.
        "\");window.hostile=1;//",
        "\\\";window.hostile=1;//",
        "${window.hostile=1}",
        "{{constructor.constructor('window.hostile=1')()}}",
        "__proto__",
        "constructor",
        "]}</script>",
        "\\u003c/script\\u003e \\ud800",
        "\u{2028}window.hostile=1\u{2029}",
        // What drives a terminal.
        "\u{1b}[2J\u{1b}[31mred",
        "\u{1b}]0;title\u{7}\u{1b}]8;;http://a\u{1b}\\x",
        "\u{9b}31mred\u{90}q",
        "x\u{8}\u{8}\u{0}y\u{7f}",
        "two\r\nlines\n| a | b |",
        // What changes the order of what is read, or is not seen.
        "\u{202e}gpj.exe\u{2066}",
        "a\u{200b}b\u{200d}\u{feff}c\u{2060}d",
        // Formulas.
        "=HYPERLINK(\"http://a\",\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1+1)",
        "\t=1+1",
        // Markdown.
        "[x](javascript:window.hostile=1)",
        "![x](http://a/b.png) **b** _i_ ~~s~~ `c`",
        "| a | b |\\| c",
        "# h <br> 1. x",
        // Characters that are several.
        "\u{1f469}\u{200d}\u{1f467} Z\u{338}a\u{338}l\u{337} \u{fdfd}",
    ];
    let mut words = short.iter().map(|&word| word.to_owned()).chain(long);
    std::array::from_fn(|_| words.next().unwrap())
}

/// As many names that are only names, of letters that sort as the texts above stand.
pub fn harmless() -> [String; COUNT] {
    std::array::from_fn(|index| format!("name{index:02}"))
}

/// Whether a character drives a terminal, changes the order of what is read or is not seen; line ends are ours.
pub fn is_loud(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
