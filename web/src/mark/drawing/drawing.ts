/** What draws a mark. It comes after the page, whose fields can be used before. */
export { drawMark } from './draw';
export { facesFor, loadLetters } from './letters';
export { decodePhoto, layGround } from './picture';
