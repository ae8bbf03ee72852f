/** The signed notes in a witness's file, one after the other; undefined where it holds something else too. */
export function notesIn(text: string): readonly string[] | undefined {
  const notes = text.match(note) ?? []
  return text.replace(note, '').trim() === '' && notes.length > 0 ? notes : undefined
}

const note = /(?:[^\n]+\n)+\n(?:— [^\n]+(?:\n|$))+/gu
