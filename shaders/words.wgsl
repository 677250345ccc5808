// One word at a time.
alias Vector = u32;
