/** What a key says of itself besides its type: shown in docs/configuration.md and in the remedy of its faults. */
type About = { description: string; example: string; env?: string; shown?: string }

export const about = (description: string, example: string, more: Partial<About> = {}): About => ({
  description,
  example,
  ...more,
})
