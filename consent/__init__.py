"""Ground floor: who is who, and who allowed whom what, since when and until when. It knows nothing of tokens."""
