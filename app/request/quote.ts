/** `text` on one line, shortened, safe to print anywhere: what cannot be seen is shown as an escape. */
export function quote(text: string, most = 60): string {
  return JSON.stringify(escapeUnseen(text.length > most ? `${text.slice(0, most - 1)}…` : text, false))
}

/** Replaces control, bidirectional and invisible characters by their code point, `U+202E`. */
export function escapeUnseen(text: string, spaces = true): string {
  const escaped = text.replace(unseen, (character) => `U+${codePoint(character)}`)
  return spaces ? escaped.replace(/\s/gu, ' ') : escaped
}

/** Four or more upper-case hexadecimal digits, as Unicode writes a code point. */
export function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
}

/** C0, C1, line and paragraph separators, lone surrogates and noncharacters; LF and TAB included. */
export const control = /[\p{Cc}\u2028\u2029\p{Cs}\p{Noncharacter_Code_Point}]/gu

/**
 * What reorders or hides text: every character that Unicode lets a renderer ignore, bidirectional controls
 * among them, and interlinear annotation. The two joiners and the sixteen variation selectors stay allowed:
 * Persian, Indic scripts and emoji are written with them.
 */
export const hidden = /(?!\u200C|\u200D|[\uFE00-\uFE0F])[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/gu

const unseen = new RegExp(`${control.source}|${hidden.source}`, 'gu')
