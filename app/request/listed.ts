/** A list of names that stays readable. */
export const listed = (names: readonly string[], most = 20): string =>
  names.length > most
    ? `${names.slice(0, most).join(', ')} and ${names.length - most} more`
    : names.join(', ')
