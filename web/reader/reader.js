// Opens the description of the server that this came from. A key that is entered stays in this tab, and goes nowhere else.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();

window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reader',
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  queryConfigEnabled: false,
  syntaxHighlight: { activated: true, theme: 'agate' },
  // Nothing is sent to anybody's validator.
  validatorUrl: null,
});
