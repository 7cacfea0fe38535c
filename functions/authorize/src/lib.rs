mod pages;
mod wording;
