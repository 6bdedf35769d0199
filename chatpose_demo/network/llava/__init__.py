"""The paper's model: LLaVA-1.5 with one pose token and a head that reads bodies off it."""
