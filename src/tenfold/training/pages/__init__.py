"""The finder and the line recogniser: trained on pages and strips composed as they are needed."""
