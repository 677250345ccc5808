//! Sellers of tokens: one name each, so that each has one vote.

/// Names in price files, and the seller that each means.
const SELLERS: [(&str, &str); 40] = [
    ("aws", "amazon-bedrock"),
    ("azure_ai", "azure"),
    ("azure_text", "azure"),
    ("azure-cognitive-services", "azure"),
    ("bedrock", "amazon-bedrock"),
    ("bedrock_converse", "amazon-bedrock"),
    ("bedrock_mantle", "amazon-bedrock"),
    ("cloudflare", "cloudflare-workers-ai"),
    ("codestral", "mistral"),
    ("cohere_chat", "cohere"),
    ("dashscope", "alibaba"),
    ("fireworks", "fireworks-ai"),
    ("fireworks_ai", "fireworks-ai"),
    ("fireworks_ai-embedding-models", "fireworks-ai"),
    ("friendliai", "friendli"),
    ("gemini", "google"),
    ("google-vertex-anthropic", "google-vertex"),
    ("gradient_ai", "digitalocean"),
    ("jina_ai", "jina"),
    ("lambda_ai", "lambda"),
    ("meta-ai", "meta"),
    ("meta_llama", "meta"),
    ("llama", "meta"),
    ("moonshot", "moonshotai"),
    ("moonshot-ai", "moonshotai"),
    ("novita", "novita-ai"),
    ("palm", "google"),
    ("qwen", "alibaba"),
    ("snowflake-cortex", "snowflake"),
    ("text-completion-codestral", "mistral"),
    ("text-completion-openai", "openai"),
    ("together", "togetherai"),
    ("together_ai", "togetherai"),
    ("vercel_ai_gateway", "vercel"),
    ("vertex_ai", "google-vertex"),
    ("voyage", "voyageai"),
    ("x-ai", "xai"),
    ("aleph_alpha", "aleph-alpha"),
    ("featherless_ai", "featherless-ai"),
    ("nlp_cloud", "nlp-cloud"),
];

/// Sellers that pass requests on to others: their price is one of those, with or without a fee.
const ROUTERS: [&str; 13] = [
    "302ai",
    "aihubmix",
    "cloudflare-ai-gateway",
    "cortecs",
    "fastrouter",
    "helicone",
    "kilo",
    "llmgateway",
    "openrouter",
    "orcarouter",
    "requesty",
    "vercel",
    "zenmux",
];

/// Names of software that runs on one's own or a rented machine, and of nothing that is sold by the token.
const LOCAL: [&str; 6] = ["ollama", "lmstudio", "atomic-chat", "lm_studio", "llamafile", "sagemaker"];

/// The seller that a name in a price file means; unknown names stay as they are, in lower case.
pub fn seller(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    let lower = lower.strip_prefix("huggingface_").unwrap_or(&lower);
    if lower.starts_with("vertex_ai-") {
        return "google-vertex".to_owned();
    }
    let known = SELLERS.iter().find(|(theirs, _)| *theirs == lower);
    known.map_or_else(|| lower.to_owned(), |(_, ours)| (*ours).to_owned())
}

/// Whether a seller passes requests on to others.
pub fn is_router(seller: &str) -> bool {
    ROUTERS.contains(&seller)
}

/// Whether the name is of software that runs on one's own or a rented machine: it sells no tokens.
pub fn is_local(seller: &str) -> bool {
    LOCAL.contains(&seller)
}

/// Whether a seller's tokens are part of a subscription: its zeros are not what a token costs.
pub fn is_plan(seller: &str) -> bool {
    let plan = seller.split('-').any(|word| word == "plan");
    plan || ["github-copilot", "gitlab", "kimi-for-coding"].contains(&seller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seller_has_one_name_whatever_the_file_calls_it() {
        for (theirs, ours) in [
            ("together_ai", "togetherai"),
            ("together", "togetherai"),
            ("huggingface_together", "togetherai"),
            ("togetherai", "togetherai"),
            ("fireworks_ai", "fireworks-ai"),
            ("vertex_ai-llama_models", "google-vertex"),
            ("bedrock_converse", "amazon-bedrock"),
            ("X-AI", "xai"),
            ("huggingface", "huggingface"),
            ("wandb", "wandb"),
        ] {
            assert_eq!(seller(theirs), ours);
            assert_eq!(seller(ours), ours, "a name of ours stays");
        }
    }

    #[test]
    fn routers_plans_and_local_software_are_told_from_sellers() {
        assert!(is_router("openrouter") && !is_router("deepinfra"));
        assert!(is_plan("zai-coding-plan") && is_plan("alibaba-token-plan-cn") && !is_plan("zai"));
        assert!(is_local("ollama") && !is_local("ollama-cloud"));
    }
}
