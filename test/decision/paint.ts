import type { Paint } from '../../app/decision/render-text.ts'

const plain = (text: string): string => text
export const unpainted: Paint = { good: plain, bad: plain, waiting: plain, bold: plain, dim: plain }
