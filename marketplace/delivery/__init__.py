"""What buyers get: releases, the one door that opens them, exports, webhooks, accesses and erasures."""
