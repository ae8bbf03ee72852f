import { escapeUnseen } from '../../request/quote.ts'

/** Anybody's words as inert HTML text or attribute value. */
export const html = (text: string): string =>
  escapeUnseen(text).replace(/[&<>"'`=]/g, (character) => `&#${character.charCodeAt(0)};`)
