//! Importers of token prices: quirks of each format on small files, and exact counts on the samples of `../shared/data/token`,
//! which are no part of the project; their tests skip where that folder is absent.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{Date, date};
use mtok::arch::{Architecture, read_models};
use mtok::price::gate::{self, Known};
use mtok::price::import::{self, Aside, Import, Source};
use mtok::price::token::TokenListing;
use mtok::price::{Quoted, Rule};

const SEEN: Date = date(2026, 8, 21);

fn architectures() -> Vec<Architecture> {
    read_models(&include_bytes!("../data/models.csv")[..]).unwrap_or_default()
}

/// What comes of a text in a file of that name, in a folder `seller`.
fn read_as(name: &str, text: &[u8]) -> Result<Import, String> {
    let models = architectures();
    let source = Source {
        name,
        folder: "seller",
        provider: None,
        observed: SEEN,
        commit: "abc",
        rates: &[],
        mapping: None,
        gpus: &[],
        models: &models,
    };
    import::read(&mut &text[..], &source, None).map_err(|fault| fault.to_string())
}

fn cards(text: &str) -> Vec<String> {
    let shown = |import: Import| import.tokens.iter().map(shown).collect();
    read_as("prices", text.as_bytes()).map_or_else(|fault| vec![fault], shown)
}

/// A card in one line: whose, what, under which condition, and its prices in the order of the buckets.
fn shown(card: &TokenListing) -> String {
    let prices: Vec<String> = card.prices.all().iter().map(ToString::to_string).collect();
    let tier = card.tier.map(|tier| tier.to_string()).unwrap_or_default();
    let window = card.window.as_ref().map(|window| window.to_string()).unwrap_or_default();
    let when =
        |moment: Option<jiff::civil::DateTime>| moment.map(|it| it.date().to_string()).unwrap_or_default();
    let (from, to) = (when(card.valid_from), when(card.valid_to));
    let condition = [card.service.to_string(), tier, card.region.to_string(), window, from, to];
    let condition: Vec<String> =
        condition.into_iter().filter(|it| !it.is_empty() && it != "standard").collect();
    format!("{} {} [{}] {}", card.model, card.seller, condition.join(" "), prices.join("/"))
}

fn findings(text: &str) -> Vec<String> {
    let shown = |import: Import| {
        let row = |it: &import::Finding| format!("{} | {:?} {} | {}", it.place, it.aside, it.rule, it.what);
        import.findings.iter().map(row).collect()
    };
    read_as("prices", text.as_bytes()).map_or_else(|fault| vec![fault], shown)
}

#[test]
fn litellm_keys_become_services_tiers_and_buckets_per_million() {
    let text = r#"{
      "gpt-x": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
        "input_cost_per_token_batches": 1.25e-06, "output_cost_per_token_batches": 5e-06,
        "input_cost_per_token_flex": 1.25e-06, "output_cost_per_token_flex": 5e-06,
        "input_cost_per_token_priority": 5e-06, "output_cost_per_token_priority": 2e-05,
        "input_cost_per_token_above_272k_tokens": 5e-06, "output_cost_per_token_above_272k_tokens": 1.5e-05,
        "cache_read_input_token_cost": 2.5e-07, "cache_creation_input_token_cost": 3.125e-06,
        "cache_creation_input_token_cost_above_1hr": 5e-06, "output_cost_per_reasoning_token": 2e-05,
        "input_cost_per_image": 0.001},
      "xai/grok-x": {"litellm_provider": "xai", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
        "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 3e-05},
      "bedrock/us-east-1/meta.llama3-8b-instruct-v1:0": {"litellm_provider": "bedrock", "mode": "chat",
        "input_cost_per_token": 3e-07, "output_cost_per_token": 6e-07},
      "dashscope/qwen-x": {"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
        {"range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06},
        {"range": [32000, 128000.0], "input_cost_per_token": 2e-06, "output_cost_per_token": 8e-06}]},
      "gpt-y": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
        "regional_endpoint_uplift_multiplier": 1.1}
    }"#;
    assert_eq!(
        cards(text),
        [
            "gpt-x openai [] 2.5/10/20/0.25/3.125/5",
            "gpt-x openai [>272000] 5/15////",
            "gpt-x openai [batch] 1.25/5////",
            "gpt-x openai [flex] 1.25/5////",
            "gpt-x openai [priority] 5/20////",
            "grok-x xai [] 3/15////",
            "grok-x xai [>=200000] 6/30////",
            "llama-3-8b amazon-bedrock [us-east-1] 0.3/0.6////",
            "qwen-x alibaba [] 1/4////",
            "qwen-x alibaba [>32000] 2/8////",
            "gpt-y openai [] 1/2////",
            "gpt-y openai [regional] 1/2////",
        ]
    );
}

#[test]
fn a_zero_means_free_another_unit_a_machine_of_ones_own_or_nothing() {
    let entry = |name: &str, provider: &str, rest: &str| {
        format!("\"{name}\": {{\"litellm_provider\": \"{provider}\", \"mode\": \"chat\"{rest}}}")
    };
    let zero = ", \"input_cost_per_token\": 0, \"output_cost_per_token\": 0.0";
    let text = format!(
        "{{{},\n{},\n{},\n{},\n{},\n{}}}",
        entry("gemini/exp", "gemini", zero),
        entry("perplexity/s", "perplexity", &format!("{zero}, \"input_cost_per_request\": 0.005")),
        entry("ollama/llama3", "ollama", zero),
        entry("snowflake/x", "snowflake", ""),
        entry(
            "c",
            "openai",
            ", \"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 2e-06, \"cache_read_input_token_cost\": 0"
        ),
        entry("e", "openai", ", \"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 0"),
    );
    assert_eq!(cards(&text), ["exp google [] free/free////", "c openai [] 1/2////"]);
    assert_eq!(
        findings(&text),
        [
            "2 (perplexity/s) | LeftOut unit | tokens cost nothing or are not priced beside input_cost_per_request 0.005: \
             another unit",
            "3 (ollama/llama3) | LeftOut not-an-offer | ollama sells no tokens",
            "4 (snowflake/x) | LeftOut unknown | has no price of input or output",
            "6 (e) | LeftOut not-an-offer | sells no output (input 1, output 0): embeddings, ranking or sound",
        ]
    );
}

#[test]
fn what_is_wrong_with_a_row_is_told_with_its_line_and_path_and_stops_no_other() {
    let good = "\"a\": {\"litellm_provider\": \"openai\", \"input_cost_per_token\": 1e-06, \"output_cost_per_token\": 2e-06}";
    let with = |row: &str| {
        let text = format!("{{{good},\n\"m\": {row},\n\"b\": {{\"litellm_provider\": \"openai\"}}}}");
        assert_eq!(cards(&text).len(), 1, "{row}");
        findings(&text).remove(0)
    };
    for (row, finding) in [
        ("[1]", "2 (m) | Rejected unreadable | is an array where an object was expected"),
        ("{}", "2 (m) | Rejected identity | names no provider"),
        (
            r#"{"litellm_provider": "x", "input_cost_per_token": "1e-06"}"#,
            "2 (m.input_cost_per_token) | Rejected unreadable | is a text where a price was expected",
        ),
        (
            r#"{"litellm_provider": "x", "input_cost_per_token": -1e-06}"#,
            "2 (m.input_cost_per_token) | Rejected unreadable | -1e-06 is negative",
        ),
        (
            r#"{"litellm_provider": "x", "input_cost_per_token": 1e999}"#,
            "2 (m.input_cost_per_token) | Rejected unreadable | 1e999 is no price that can be kept exactly",
        ),
        (
            r#"{"litellm_provider": "x", "mode": 7}"#,
            "2 (m.mode) | Rejected unreadable | is a number where a text was expected",
        ),
        (
            r#"{"litellm_provider": "x", "input_cost_per_token": 1, "input_cost_per_token": 2}"#,
            "2 (m.input_cost_per_token) | Rejected conflict | appears twice in one object: which one counts?",
        ),
    ] {
        assert_eq!(with(row), finding);
    }
    let twice = format!("{{{good},\n{good}}}");
    assert_eq!(findings(&twice), ["2 (a) | Rejected conflict | is on line 1 already"]);
}

#[test]
fn openrouter_texts_are_prices_of_one_token_and_minus_one_is_a_price_of_the_moment() {
    let text = r#"{"data": [
      {"id": "openai/gpt-oss-120b", "pricing": {"prompt": "0.00000003", "completion": "0.00000015", "request": "0",
        "image": "0", "input_cache_read": "0.000000015", "internal_reasoning": "0"}},
      {"id": "openai/gpt-oss-120b:free", "pricing": {"prompt": "0", "completion": "0"}},
      {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
      {"id": "x/search", "pricing": {"prompt": "0", "completion": "0", "request": "0.005"}},
      {"id": "x/paint", "architecture": {"output_modalities": ["image"]}, "pricing": {"prompt": "0.000001", "completion": "0.1"}},
      {"id": "x/odd", "pricing": {"prompt": "-2", "completion": "1"}},
      {"id": "x/text", "pricing": {"prompt": "cheap", "completion": "1"}},
      {"id": "x/none"}
    ]}"#;
    assert_eq!(
        cards(text),
        [
            "gpt-oss-120b openrouter [] 0.03/0.15//0.015//",
            "gpt-oss-120b openrouter [] free/free////",
            "auto openrouter [] dynamic/dynamic////",
        ]
    );
    assert_eq!(
        findings(text),
        [
            "6 (data[3].pricing) | LeftOut unit | tokens cost nothing or are not priced beside request 0.005: another unit",
            "7 (data[4]) | LeftOut not-an-offer | answers with image, not with text",
            "8 (data[5].pricing.prompt) | Rejected unreadable | -2 is negative; only -1 means a price of the moment",
            "9 (data[6].pricing.prompt) | Rejected unreadable | \"cheap\" is no price",
            "10 (data[7]) | LeftOut unknown | has no \"pricing\"",
        ]
    );
    let endpoints = r#"{"data": {"id": "openai/gpt-oss-120b", "endpoints": [
      {"provider_name": "Together", "pricing": {"prompt": "0.00000015", "completion": "0.0000006"}},
      {"provider_name": "Novita AI", "pricing": {"prompt": "0.0000001", "completion": "0.0000005"}}]}}"#;
    assert_eq!(
        cards(endpoints),
        ["gpt-oss-120b togetherai [] 0.15/0.6////", "gpt-oss-120b novita-ai [] 0.1/0.5////"]
    );
}

#[test]
fn genai_prices_tiers_dates_and_hours_become_cards_that_do_not_overlap() {
    let text = r#"[{"id": "openai", "models": [
      {"id": "m", "match": {}, "prices": [
        {"prices": {"input_mtok": {"base": 1, "tiers": [{"start": 272000, "price": 2}]}, "output_mtok": 6}},
        {"constraint": {"start_date": "2026-07-30"}, "prices": {"input_mtok": 0.2, "output_mtok": 1.2}},
        {"constraint": {"start_date": "2026-09-30"}, "prices": {"input_mtok": 0.3, "output_mtok": 1.3}}]},
      {"id": "x:free", "match": {}, "prices": {}},
      {"id": "y", "match": {}, "prices": {}},
      {"id": "z", "match": {}, "prices": {"requests_kcount": 12}}]},
     {"id": "deepseek", "models": [{"id": "r", "match": {}, "prices": [
        {"prices": {"input_mtok": 0.135, "output_mtok": 0.55}},
        {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "prices": {"input_mtok": 0.27, "output_mtok": 1.1}}]}]}]"#;
    assert_eq!(
        cards(text),
        [
            "m openai [2026-07-30] 1/6////",
            "m openai [>272000 2026-07-30] 2/////",
            "m openai [2026-07-30 2026-09-30] 0.2/1.2////",
            "m openai [2026-09-30] 0.3/1.3////",
            "x openai [] free/free////",
            "r deepseek [] 0.135/0.55////",
            "r deepseek [00:30-16:30] 0.27/1.1////",
        ]
    );
    assert_eq!(
        findings(text),
        [
            "7 (openai.y.prices) | LeftOut unknown | has no price of input or output",
            "8 (openai.z.prices) | LeftOut unit | tokens cost nothing or are not priced beside requests_kcount: another unit",
        ]
    );
    let import = read_as("prices", text.as_bytes()).unwrap();
    let days = |index: usize| (import.tokens[index].date, import.tokens[index].observed);
    assert_eq!(days(0), (date(2026, 7, 29), Some(SEEN)), "over: its last day");
    assert_eq!(days(2), (SEEN, None), "holds");
    assert_eq!(days(3), (date(2026, 9, 30), Some(SEEN)), "to come: its first day");
}

#[test]
fn llm_prices_give_the_price_of_the_day() {
    let text = r#"{"vendor": "openai", "models": [
      {"id": "gpt-5.6-luna", "name": "x", "price_history": [
        {"input": 1.0, "output": 6.0, "input_cached": 0.1, "from_date": null, "to_date": "2026-07-30"},
        {"input": 0.2, "output": 1.2, "input_cached": 0.02, "from_date": "2026-07-30", "to_date": null}]},
      {"id": "gpt-5.6-luna-272k", "name": "x", "price_history": [
        {"input": 2.0, "output": 9.0, "input_cached": 0.2, "from_date": null, "to_date": "2026-07-30"}]},
      {"id": "lone-32k", "name": "x", "price_history": [{"input": 60, "output": 120}]},
      {"id": "late", "price_history": [{"input": 1, "output": 2, "from_date": "2026-07-30", "to_date": "2026-07-01"}]}]}"#;
    assert_eq!(
        cards(text),
        [
            "gpt-5.6-luna openai [2026-07-30] 1.0/6.0//0.1//",
            "gpt-5.6-luna openai [2026-07-30] 0.2/1.2//0.02//",
            "gpt-5.6-luna openai [>272000 2026-07-30] 2.0/9.0//0.2//",
            "lone-32k openai [] 60/120////",
        ]
    );
    assert_eq!(
        findings(text),
        ["8 (late.price_history[0].to_date) | Rejected unreadable | 2026-07-01 is not after 2026-07-30"]
    );
    let import = read_as("openai.json", text.as_bytes()).unwrap();
    let on = |day: Date| -> Vec<String> {
        let everyday =
            import.tokens.iter().filter(|card| &*card.model == "gpt-5.6-luna" && card.is_everyday());
        everyday.filter(|card| card.counts_on(day)).map(|card| card.prices.input.to_string()).collect()
    };
    assert_eq!(on(date(2026, 7, 29)), ["1.0"]);
    assert_eq!(on(date(2026, 7, 30)), ["0.2"]);
    assert_eq!(on(date(2026, 12, 1)), ["0.2"]);
    assert_eq!((&*import.tokens[0].source, &*import.tokens[0].commit), ("llm-prices openai.json", "abc"));
}

const TOML: &str = "name = \"X\"\n[cost]\ninput = 0.40\noutput = 1_0.5\ncache_input = 0\ncached_write = 0.5\n\n\
    [[cost.tiers]]\ninput = 4\noutput = 18\n[cost.tiers.tier]\ntype = \"context\"\nsize = 200_000\n\n[limit]\ncontext = 1\n";

#[test]
fn models_dev_is_read_as_toml_json_and_table_alike() {
    let of_toml = |text: &str| {
        let read = read_as("gpt-oss-120b.toml", text.as_bytes());
        read.map_or_else(|fault| vec![fault], |import| import.tokens.iter().map(shown).collect())
    };
    let api = r#"{"seller": {"id": "seller", "npm": "x", "models": {"openai/gpt-oss-120b": {"limit": {}, "cost": {
        "input": 0.40, "output": 10.5, "cached_write": 0.5, "cache_input": 0,
        "tiers": [{"tier": {"type": "context", "size": 200000}, "input": 4, "output": 18}]}}}}}"#;
    let header = "provider,model,input,output,reasoning,cache_read,cache_write,tiers\n";
    let row = "seller,openai/gpt-oss-120b,0.40,10.5,,0,0.5,\"[{'tier': {'type': 'context', 'size': 200000}, 'input': 4, 'output': 18}]\"\n";
    let expected = ["gpt-oss-120b seller [] 0.40/10.5///0.5/", "gpt-oss-120b seller [>200000] 4/18////"];
    assert_eq!(cards(api), expected);
    assert_eq!(cards(&format!("{header}{row}")), expected);
    assert_eq!(of_toml(&TOML.replace("1_0.5", "10.5").replace("200_000", "200000")), expected);
    assert_eq!(of_toml("[cost]\ninput = \"1\"\n"), ["2: cost.input: is no number"]);
    let broken = of_toml("[cost]\ninput = \n").remove(0);
    assert!(broken.starts_with("2: is not TOML: "), "{broken}");
    let bad = format!("{header}s,m,-1,2,,,,\ns,n,1,2,,,,[{{]\n{row}");
    assert_eq!(
        findings(&bad),
        [
            "2:3 | Rejected unreadable | input \"-1\" is no price",
            "3:8 | Rejected unreadable | tiers: is not JSON: key must be a string"
        ]
    );
    let plan = format!("{header}zai-coding-plan,glm-4.5,0,0,,,,\nlmstudio,x,0.0,0,,,,\nx,y,,,,,,\n{row}");
    assert_eq!(
        findings(&plan),
        [
            "2 | LeftOut not-offered | zai-coding-plan sells a subscription, not tokens: 0 is no price",
            "3 | LeftOut not-an-offer | lmstudio sells no tokens",
            "4 | LeftOut unknown | has no price of input or output",
        ]
    );
}

#[test]
fn thirteen_models_at_a_hundred_thousand_times_their_price_are_all_rejected() {
    // As in the report BerriAI/litellm #23503: dollars per 100,000 tokens, given as if per token.
    let models = [
        ("openai/gpt-oss-120b", "0.015", "0.06"),
        ("openai/gpt-oss-20b", "0.005", "0.02"),
        ("zai-org/GLM-4.5", "0.055", "0.2"),
        ("Qwen/Qwen3-235B-A22B-Instruct-2507", "0.01", "0.01"),
        ("Qwen/Qwen3-Coder-480B-A35B-Instruct", "0.1", "0.15"),
        ("Qwen/Qwen3-235B-A22B-Thinking-2507", "0.01", "0.01"),
        ("moonshotai/Kimi-K2-Instruct", "0.135", "0.4"),
        ("meta-llama/Llama-3.1-8B-Instruct", "0.022", "0.022"),
        ("deepseek-ai/DeepSeek-V3.1", "0.055", "0.165"),
        ("deepseek-ai/DeepSeek-R1-0528", "0.135", "0.54"),
        ("deepseek-ai/DeepSeek-V3-0324", "0.114", "0.275"),
        ("meta-llama/Llama-3.3-70B-Instruct", "0.071", "0.071"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "0.017", "0.066"),
        ("microsoft/Phi-4-mini-instruct", "0.008", "0.035"),
    ];
    let rows = models.map(|(model, input, output)| {
        format!(
            "\"wandb/{model}\": {{\"litellm_provider\": \"wandb\", \"mode\": \"chat\", \"input_cost_per_token\": {input}, \
             \"output_cost_per_token\": {output}}}"
        )
    });
    let mut import = read_as("prices", format!("{{{}}}", rows.join(",\n")).as_bytes()).unwrap();
    gate::check(&mut import, &Known::default());
    assert_eq!((import.tokens.len(), import.count(Aside::Rejected)), (0, 14));
}

#[test]
fn a_price_per_thousand_is_told_by_the_other_sellers_where_the_band_is_too_wide() {
    let row = |seller: &str, input: &str, output: &str| {
        format!("llama-3.1-8b,{seller},l,{input},{output},,2026-08-01,p\n")
    };
    let header =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";
    let checked = |rows: &str| {
        let mut import = read_as("tokens.csv", format!("{header}{rows}").as_bytes()).unwrap();
        gate::check(&mut import, &Known::default());
        import.findings.iter().map(|it| format!("{:?} {}", it.aside, it.rule)).collect::<Vec<_>>()
    };
    let others = row("a", "0.2", "0.3") + &row("b", "0.1", "0.1") + &row("c", "0.18", "0.2");
    assert_eq!(checked(&(others.clone() + &row("d", "180", "200"))), ["Rejected unit"]);
    assert_eq!(checked(&(others.clone() + &row("d", "4", "4.1"))), ["Flagged outlier"]);
    assert_eq!(checked(&(others.clone() + &row("d", "1.9", "2.1"))), [""; 0]);
    assert_eq!(checked(&(others + &row("d", "0.5", "0.2"))), ["Flagged order"]);
}

#[test]
fn what_contradicts_itself_its_neighbour_or_yesterday_is_told_with_the_numbers() {
    let header =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";
    let read = |rows: &str| read_as("tokens.csv", format!("{header}{rows}").as_bytes()).unwrap();
    let checked = |rows: &str, before: &Import| {
        let mut import = read(rows);
        gate::check(&mut import, &Known { tokens: &before.tokens, ..Known::default() });
        import
            .findings
            .iter()
            .map(|it| format!("{:?} {}: {}", it.aside, it.rule, it.what))
            .collect::<Vec<_>>()
    };
    let none = read("x,x,x,1,1,,2020-01-01,p\n");
    let twice = "m,deepseek,m,0.14,0.28,,2026-08-01,p\nm,deepseek,deepseek/m,";
    assert_eq!(
        checked(&format!("{twice}0.27,1.1,,2026-08-01,p\n"), &none),
        ["Flagged conflict: input 0.27 contradicts 0.14 on line 2 (m)"]
    );
    assert_eq!(
        checked(&format!("{twice}0.140,0.28,,2026-08-01,p\n"), &none),
        ["LeftOut duplicate: the same prices are on line 2 already (m)"]
    );
    assert_eq!(
        checked("m,s,l,1,2,1.25,2026-08-01,p\n", &none),
        ["Flagged order: reading from the cache costs 1.25, fresh input 1"]
    );
    assert_eq!(
        checked("m-7b,s,l,0.5,100,,2026-08-01,p\n", &none)[0],
        "Flagged outlier: 100 USD/Mtok for 7 billion parameters are 14.3 for each; others ask below 1"
    );
    let before = read("m,s,l,1,2,,2026-08-01,p\n");
    assert_eq!(
        checked("m,s,l,1,1,,2026-08-02,p\n", &before),
        ["Flagged day-jump: output moved from 2 to 1 (-50 %) in 1 days"]
    );
    assert_eq!(checked("m,s,l,1.0,2,,2026-08-01,q\n", &before), ["LeftOut duplicate: is known already"]);
    assert!(checked("m,s,l,1,1,,2026-09-02,p\n", &before).is_empty(), "a month passed");
    assert!(checked("m,s,l,1,1.3,,2026-08-02,p\n", &before).is_empty(), "-35 %");
    let allowed = Known { allowed: &[Rule::Band], ..Known::default() };
    let mut import = read("m,s,l,1,2000,,2026-08-01,p\n");
    gate::check(&mut import, &allowed);
    assert!(import.tokens[0].flags.has(Rule::Band), "allowed by the user, and marked");
}

/// Counts of one file: cards, free ones among them, flagged ones, rejected rows, and rows left out by rule.
type Counts = (usize, usize, u64, u64, Vec<(Rule, u64)>);

fn counts(import: &Import) -> Counts {
    let free = import.tokens.iter().filter(|card| card.prices.input == Quoted::Free).count();
    let left_out = import.counts.iter().filter(|((aside, _), _)| *aside == Aside::LeftOut);
    let left_out = left_out.map(|((_, rule), count)| (*rule, *count)).collect();
    (import.tokens.len(), free, import.flagged() as u64, import.count(Aside::Rejected), left_out)
}

/// A sample after the gate; `None` where the samples are absent.
fn sample(name: &str) -> Option<Import> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/token").join(name);
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    };
    let mut import = read_as(name, &bytes).ok()?;
    gate::check(&mut import, &Known::default());
    Some(import)
}

#[test]
fn every_sample_is_read_with_exactly_these_counts() {
    use Rule::{Duplicate, NotAnOffer, NotOffered, Unit, Unknown};
    let expected: [(&str, Counts); 14] = [
        (
            "litellm_model_prices.json",
            (1_284, 31, 19, 2, vec![(Unit, 45), (Duplicate, 124), (NotAnOffer, 317), (Unknown, 43)]),
        ),
        (
            "genai-prices_data_v2.json",
            (1_452, 148, 4, 0, vec![(Duplicate, 6), (NotAnOffer, 39), (Unknown, 9)]),
        ),
        (
            "models.dev_snapshot_2026-07-02.csv",
            (4_705, 277, 18, 0, vec![(Duplicate, 32), (NotAnOffer, 49), (Unknown, 382), (NotOffered, 122)]),
        ),
        ("llm-prices/amazon.json", (4, 0, 0, 0, vec![])),
        ("llm-prices/anthropic.json", (18, 0, 0, 0, vec![])),
        ("llm-prices/deepseek.json", (5, 0, 0, 0, vec![])),
        ("llm-prices/google.json", (24, 0, 0, 0, vec![])),
        ("llm-prices/meta-ai.json", (3, 0, 0, 0, vec![])),
        ("llm-prices/minimax.json", (1, 0, 0, 0, vec![])),
        ("llm-prices/mistral.json", (14, 0, 0, 0, vec![])),
        ("llm-prices/moonshot-ai.json", (5, 0, 0, 0, vec![])),
        ("llm-prices/openai.json", (46, 0, 0, 0, vec![(NotAnOffer, 4)])),
        ("llm-prices/qwen.json", (2, 0, 0, 0, vec![])),
        ("llm-prices/xai.json", (21, 0, 0, 0, vec![(Duplicate, 1)])),
    ];
    for (name, expected) in expected {
        let Some(import) = sample(name) else { return };
        assert_eq!(counts(&import), expected, "{name}");
    }
}

/// Rows of the LiteLLM sample that are wrong: a slip of the unit, input and output swapped or of different units, a digit too
/// many, the output of another model, or two prices for one offer.
const WRONG: [&str; 15] = [
    "azure jais-30b-chat",
    "watsonx ibm/granite-3-8b-instruct",
    "azure Meta-Llama-3-70B-Instruct",
    "azure Llama-4-Maverick-17B-128E-Instruct-FP8",
    "cohere command-r7b-12-2024",
    "google gemini-1.5-pro-latest",
    "google-vertex gemini-1.5-flash-preview-0514",
    "google-vertex gemini-1.5-flash-exp-0827",
    "oci xai.grok-3",
    "oci xai.grok-4",
    "togetherai Qwen/Qwen3-235B-A22B-Instruct-2507-tput",
    "amazon-bedrock meta.llama3-8b-instruct-v1:0 us-gov-east-1",
    "amazon-bedrock meta.llama3-8b-instruct-v1:0 us-gov-west-1",
    "hyperbolic meta-llama/Meta-Llama-3.1-405B-Instruct",
    "deepseek deepseek/deepseek-chat",
];

#[test]
fn the_wrong_rows_of_litellm_are_caught_and_few_others_are_touched() {
    let Some(import) = sample("litellm_model_prices.json") else { return };
    let mut caught: BTreeMap<&str, Aside> = BTreeMap::new();
    for finding in import.findings.iter().filter(|it| it.aside != Aside::LeftOut) {
        caught.insert(&finding.subject, finding.aside);
    }
    let of =
        |wrong: &str| caught.iter().find(|(subject, _)| subject.starts_with(wrong)).map(|(_, aside)| *aside);
    let missed: Vec<&str> = WRONG.into_iter().filter(|wrong| of(wrong).is_none()).collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert_eq!((of(WRONG[0]), of(WRONG[1])), (Some(Aside::Rejected), Some(Aside::Rejected)));
    let others: Vec<&&str> =
        caught.keys().filter(|subject| !WRONG.iter().any(|wrong| subject.starts_with(wrong))).collect();
    assert_eq!(others.len(), 5, "{others:?}");
    let rows = 1_701 - WRONG.len();
    assert!(others.len() as f64 / rows as f64 <= 0.005);
}

#[test]
fn the_imported_cards_of_open_weights_survive_the_table_of_the_store() {
    for name in
        ["litellm_model_prices.json", "genai-prices_data_v2.json", "models.dev_snapshot_2026-07-02.csv"]
    {
        let Some(import) = sample(name) else { return };
        let mut written = Vec::new();
        mtok::price::token::write_tokens(&mut written, &import.tokens).unwrap();
        let again = read_as("tokens.csv", &written).unwrap();
        assert_eq!(again.findings, [], "{name}");
        assert_eq!(again.tokens.len(), import.tokens.len(), "{name}");
        for (one, other) in import.tokens.iter().zip(&again.tokens) {
            assert_eq!((shown(one), one.date, one.flags), (shown(other), other.date, other.flags));
            assert_eq!(one.listing, other.listing);
        }
    }
}
