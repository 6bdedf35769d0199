"""Whether a text is English at all: the language model hardly reads anything else."""

from __future__ import annotations

import re

NOT_READ = "I read English only. Please ask again in English."
# Frequent little words of Spanish, French, German, Italian and Portuguese that are no English ones.
FOREIGN = """
el los las una uno del con que por para pero muestra mujer hombre brazo pierna
le les une des du est sont avec pour dans sur moi montre femme homme bras jambe assis
der das den dem ein eine einen und ist sind auf zeig zeige mir frau sitzt steht bitte
lo gli della dello sono donna uomo seduto mostra braccio gamba
um uma os dos mulher sentada braço
"""
# Words that make a line English whatever else it holds ("a man in las Vegas").
ENGLISH = """
the a an of in on and with is are to at me i you show person man woman who what how his her arm arms
leg legs hand hands head pose up down stand standing sit sitting body it that this make
"""
FOREIGN_WORDS, ENGLISH_WORDS = frozenset(FOREIGN.split()), frozenset(ENGLISH.split())
SHARE = 0.25  # our choice: of the words
LAST_LATIN = "\u024f"


def is_english(text: str) -> bool:
    """False where letters that are not Latin, or other languages' words, make up much of a text."""
    letters = [one for one in text if one.isalpha()]
    if sum(one > LAST_LATIN for one in letters) > len(letters) / 2:
        return False
    words = re.findall(r"[^\W\d_]+", text.lower())
    foreign = sum(word in FOREIGN_WORDS for word in words)
    return foreign == 0 or foreign < SHARE * len(words) or bool(ENGLISH_WORDS & set(words))
