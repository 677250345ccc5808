//! An indexed Job of Kubernetes that runs the tasks of a fleet: `batch/v1`, with the fields that Kubernetes has since 1.29.

use super::plan::TASKS_MAX;
use crate::text::inert;

/// How often a task may fail before Kubernetes leaves it; evictions and preemptions do not count.
const RETRIES: u32 = 3;

/// What the Job is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its namespace; without it that of whoever applies it.
    pub namespace: Option<String>,
    /// Tasks.
    pub tasks: u32,
    /// Those that run at the same time at most.
    pub parallelism: u32,
    /// The container image, with `mtok` on its path.
    pub image: String,
    /// The claim of a volume that all nodes can write.
    pub claim: String,
    /// The folder of the volume that is the fleet's; without it the whole volume.
    pub sub_path: Option<String>,
    /// Where the fleet's folder is in the container, absolute.
    pub folder: String,
    /// The resource that is a GPU.
    pub resource: String,
    /// GPUs of a task; 0 for none.
    pub gpus: u32,
    /// The words of the command behind `mtok fleet task --dir D --index I --of N`.
    pub words: Vec<String>,
}

impl Manifest {
    /// The YAML.
    ///
    /// # Errors
    /// Names that Kubernetes would refuse, and words that cannot be written.
    pub fn yaml(&self) -> Result<String, String> {
        self.check()?;
        let Self { tasks, parallelism, .. } = self;
        let [name, image, claim, folder, resource] =
            [&self.name, &self.image, &self.claim, &self.folder, &self.resource].map(|text| string(text));
        let line = |indent: usize, key: &str, value: Option<&String>| {
            value.map(|value| format!("{:indent$}{key}: {}\n", "", string(value))).unwrap_or_default()
        };
        let namespace = line(2, "namespace", self.namespace.as_ref());
        let sub_path = line(14, "subPath", self.sub_path.as_ref());
        let command: String =
            self.command().iter().map(|word| format!("            - {}\n", string(word))).collect();
        let resources = match self.gpus {
            0 => String::new(),
            gpus => format!("          resources:\n            limits:\n              {resource}: {gpus}\n"),
        };
        Ok(format!(
            "apiVersion: batch/v1
kind: Job
metadata:
  name: {name}
{namespace}  labels:
    app.kubernetes.io/name: mtok
spec:
  completionMode: Indexed
  completions: {tasks}
  parallelism: {parallelism}
  backoffLimitPerIndex: {RETRIES}
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: \"True\"
  template:
    metadata:
      labels:
        app.kubernetes.io/name: mtok
    spec:
      restartPolicy: Never
      containers:
        - name: mtok
          image: {image}
          command:
{command}          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
{resources}          volumeMounts:
            - name: fleet
              mountPath: {folder}
{sub_path}      volumes:
        - name: fleet
          persistentVolumeClaim:
            claimName: {claim}
"
        ))
    }

    /// The command of a task. Kubernetes puts the number in: it sets the variable for every pod of an indexed Job.
    fn command(&self) -> Vec<String> {
        let mut command = ["mtok", "fleet", "task", "--dir"].map(str::to_owned).to_vec();
        command.extend([literal(&self.folder), "--index".into(), "$(JOB_COMPLETION_INDEX)".into()]);
        command.extend(["--of".into(), self.tasks.to_string()]);
        command.extend(self.words.iter().map(|word| literal(word)));
        command
    }

    fn check(&self) -> Result<(), String> {
        let Self { tasks, parallelism, folder, .. } = self;
        // The names of pods have the index behind it, which may have 5 digits.
        label("--name", &self.name, 57)?;
        self.namespace.iter().try_for_each(|namespace| label("--namespace", namespace, 63))?;
        domain("--claim", &self.claim)?;
        if self.gpus > 0 {
            qualified("--resource", &self.resource)?;
        }
        let odd =
            |text: &str| text.is_empty() || text.chars().any(|it| it.is_whitespace() || it.is_control());
        if odd(&self.image) {
            return Err(format!("--image \"{}\" is no name of an image", inert(&self.image)));
        }
        let climbs = |path: &str| path.split('/').any(|part| part == "..");
        if !folder.starts_with('/')
            || folder.contains(':')
            || climbs(folder)
            || folder.trim_matches('/').is_empty()
        {
            return Err(format!(
                "--dir {}: has to be an absolute path in the container, without .. and colons",
                inert(folder)
            ));
        }
        if let Some(path) =
            self.sub_path.as_ref().filter(|path| path.starts_with('/') || climbs(path) || path.is_empty())
        {
            return Err(format!("--sub-path {}: has to be a relative path without ..", inert(path)));
        }
        if *tasks == 0 || *tasks > TASKS_MAX || *parallelism == 0 {
            return Err(format!("a fleet has 1 to {TASKS_MAX} tasks, of which at least one runs at a time"));
        }
        let mut texts = self.words.iter().chain([folder]).chain(&self.sub_path);
        match texts.find(|text| text.chars().any(char::is_control)) {
            Some(text) => Err(format!("\"{}\" has a control character in it", inert(text))),
            None => Ok(()),
        }
    }
}

/// A word in which Kubernetes sees no variable: `$(X)` is one, `$$(X)` is not.
fn literal(word: &str) -> String {
    word.replace('$', "$$")
}

/// A double-quoted scalar.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            // What YAML calls not printable, or would take for the end of a line.
            _ => out += &format!("\\U{:08x}", u32::from(character)),
        }
    }
    out + "\""
}

fn is_label(text: &str) -> bool {
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    text.starts_with(plain) && text.ends_with(plain) && text.chars().all(|it| plain(it) || it == '-')
}

/// A DNS label (RFC 1123) of at most so many characters.
fn label(option: &str, text: &str, most: usize) -> Result<(), String> {
    (is_label(text) && text.len() <= most).then_some(()).ok_or_else(|| {
        format!(
            "{option} \"{}\": has to be 1 to {most} small letters, digits and - between them",
            inert(text)
        )
    })
}

/// A DNS subdomain (RFC 1123).
fn domain(option: &str, text: &str) -> Result<(), String> {
    (text.split('.').all(is_label) && text.len() <= 253).then_some(()).ok_or_else(|| {
        format!("{option} \"{}\": has to be small letters and digits, with - and . between them", inert(text))
    })
}

/// A name of a resource with its domain, such as `nvidia.com/gpu`.
fn qualified(option: &str, text: &str) -> Result<(), String> {
    let inside = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    let is_name = |name: &str| {
        let ends = [name.chars().next(), name.chars().last()];
        name.len() <= 63
            && name.chars().all(inside)
            && ends.iter().all(|it| it.is_some_and(|it| it.is_ascii_alphanumeric()))
    };
    match text.split_once('/') {
        Some((prefix, name)) if domain(option, prefix).is_ok() && is_name(name) => Ok(()),
        _ => Err(format!("{option} \"{}\": has to be a name such as nvidia.com/gpu", inert(text))),
    }
}

#[cfg(test)]
mod tests;
