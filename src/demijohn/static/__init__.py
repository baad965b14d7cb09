"""Static files: addresses with a hash of the content, compressed variants, and what builds both ahead."""
