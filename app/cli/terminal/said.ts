import { escapeUnseen } from '../../request/quote.ts'

/** Text for the terminal as it is: of ours, or escaped before it got its colour (style.ts). */
export class Shown {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  toString(): string {
    return this.#text
  }
}

/** A string may be anybody's: nothing in it moves the cursor, changes colours, turns letters around or begins a line. */
export type Sayable = string | number | Shown

export const shown = (value: Sayable): string =>
  value instanceof Shown ? String(value) : escapeUnseen(String(value))

/** Words of ours, with everything that stands between them shown safely. */
export const said = (words: TemplateStringsArray, ...values: readonly Sayable[]): string =>
  words.reduce((text, more, index) => `${text}${shown(values[index - 1] ?? '')}${more}`)

/** As `said`, for what is part of something else: a cell, a further line. */
export const cell = (words: TemplateStringsArray, ...values: readonly Sayable[]): Shown =>
  new Shown(said(words, ...values))
