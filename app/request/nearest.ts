/** The candidate that `text` was most likely meant to be, or undefined when none is near. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  return nearestAmong(candidates)(text)
}

/** Comparisons that take about half a second, of the longest names there are. */
const mostCompared = 50_000

/**
 * `nearest` for many texts: it is undefined for those that come after 50,000 comparisons, for a hostile file
 * brings as many texts and candidates as it likes.
 */
export function nearestAmong(candidates: readonly string[]): (text: string) => string | undefined {
  let compared = 0
  return (text) => {
    if (text.length > 64 || compared >= mostCompared) return undefined
    const wanted = text.toLowerCase()
    let best: string | undefined
    let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
    for (const candidate of candidates) {
      if (Math.abs(candidate.length - text.length) >= least) continue
      compared += 1
      const distance = editDistance(wanted, candidate.toLowerCase(), least)
      if (distance < least) {
        least = distance
        best = candidate
      }
    }
    return best
  }
}

/** Levenshtein: single-character insertions, deletions and substitutions; `enough` where there are as many or more. */
function editDistance(a: string, b: string, enough: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    let fewest = i
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution)
      next.push(edits)
      fewest = Math.min(fewest, edits)
    }
    if (fewest >= enough) return enough
    row = next
  }
  return row[b.length] ?? 0
}
