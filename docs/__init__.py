"""What makes and proves the pages of this folder."""
