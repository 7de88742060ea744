/** The whole page. */
export function App() {
  return <main>NWS Watermark</main>;
}
