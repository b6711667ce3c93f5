//! Script data beside the media: the stream's metadata, and cues for players.

use onair::{DataValue, MetaData};
use onair_engine::amf0;
use serde::Serialize;

/// What the script data said.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) metadata: Option<MetaData>,
    pub(crate) cues: Vec<Cue>,
}

/// A message for players.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Cue {
    /// Its time, ms.
    pub(crate) ms: u32,
    /// `onTextData`, `onCuePoint`, …
    pub(crate) handler: String,
    /// What a text says, what a cue point is called.
    pub(crate) text: Option<String>,
}

impl Script {
    /// Takes the body of a script tag.
    pub(crate) fn push(&mut self, timestamp_ms: u32, body: &[u8]) {
        let Ok(values) = amf0::read_all(body) else { return };
        let names = values.iter().map_while(DataValue::as_str);
        let handler = names.into_iter().find(|name| !name.starts_with('@'));
        match handler {
            Some("onMetaData") | None => {
                self.metadata = self.metadata.take().or_else(|| MetaData::parse(&values));
            }
            Some(handler) if self.cues.len() < MOST_CUES => {
                let said = |key| values.iter().find_map(|value| value.get(key)?.as_str());
                self.cues.push(Cue {
                    ms: timestamp_ms,
                    handler: presentable(handler),
                    text: said("text").or_else(|| said("name")).map(presentable),
                });
            }
            Some(_) => {}
        }
    }
}

fn presentable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect()
}

/// Reported at most.
const MOST_CUES: usize = 100;
const MOST_CHARS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn body(values: &[DataValue]) -> Vec<u8> {
        let mut body = Vec::new();
        values.iter().for_each(|value| amf0::write(&mut body, value));
        body
    }

    #[test]
    fn metadata_and_cues_are_told_apart() {
        let object = |key: &str, said: &str| DataValue::Object(vec![(key.into(), said.into())]);
        let mut script = Script::default();
        script
            .push(0, &body(&["@setDataFrame".into(), "onMetaData".into(), object("encoder", "x")]));
        script.push(40, &body(&["onTextData".into(), object("text", "hel\u{7}lo")]));
        script.push(80, &body(&["onCuePoint".into(), object("name", "goal")]));
        script.push(90, &[0xFF]);
        assert_eq!(script.metadata.map(|said| said.encoder).as_deref(), Some("x"));
        let cue = |ms, handler: &str, text: &str| Cue {
            ms,
            handler: handler.to_owned(),
            text: Some(text.to_owned()),
        };
        assert_eq!(script.cues, [cue(40, "onTextData", "hello"), cue(80, "onCuePoint", "goal")]);
    }

    #[test]
    fn a_flood_of_cues_is_cut() {
        let mut script = Script::default();
        for ms in 0..1_000 {
            script.push(ms, &body(&["onTextData".into(), DataValue::Null]));
        }
        assert_eq!(script.cues.len(), MOST_CUES);
    }
}
