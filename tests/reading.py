"""How hard the sentences of a page are to read: the grade of Flesch and Kincaid."""

import re
from html.parser import HTMLParser

# What is read as sentences; a table, a chart, a code and a name are not.
PROSE = {"p", "li", "dd", "summary"}
SKIPPED = {"table", "svg", "code", "a", "nav", "script", "style", "head"}
FILE = re.compile(r"_|\w\.(csv|xlsx)\b")
VOID = {"meta", "link", "br", "input", "img"}


class Prose(HTMLParser):
    """The prose of a page, a text for each paragraph or item of a list."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.within += [tag] * (tag not in VOID)
        if tag in PROSE:
            self.texts.append("")
        elif self.texts:
            self.texts[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag in self.within:
            del self.within[len(self.within) - 1 - self.within[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if PROSE & {*self.within} and not SKIPPED & {*self.within}:
            self.texts[-1] += data


def sentences(page: str) -> list[str]:
    """Return the sentences of a page that have five words or more.

    The path of a file is none.
    """
    texts = [
        re.sub(r"\s+", " ", text).replace("U.S.", "US") for text in Prose(page).texts
    ]
    parts = [part for text in texts for part in re.split(r"(?<=[.!?]) ", text)]
    return [part for part in parts if len(words(part)) >= 5 and not FILE.search(part)]


def words(text: str) -> list[str]:
    """Return the words of a text; a number is none."""
    return re.findall(r"[A-Za-z]+(?:[’'-][A-Za-z]+)*", text)


def syllables(word: str) -> int:
    """Return how many syllables a word has, nearly: its groups of vowels."""
    word = re.sub(r"(?<=[^aeiouyl])e$|(?<=[^aeioutd])ed$", "", word.lower())
    return max(1, len(re.findall("[aeiouy]+", word)))


def grade(texts: list[str]) -> float:
    """Return the school grade in which the sentences are understood."""
    said = [word for text in texts for word in words(text)]
    spoken = sum(map(syllables, said))
    return 0.39 * len(said) / len(texts) + 11.8 * spoken / len(said) - 15.59
