"""What an engineer runs: each study takes a site and returns a result; nothing is printed here."""
