import type { Figures, Words } from '../words/words';
import type { Cause } from './causes';

export interface TroubleWords {
  readonly causes: Readonly<Record<Cause, readonly [what: string, advice: string]>>;
  readonly format: (format: string) => string;
  /** What a file begins with that is no image. */
  readonly begins: (begins: string) => string;
  readonly said: (words: string) => string;
  readonly unknown: string;
  readonly askAgain: string;
  readonly limits: (measured: string, limit: string) => string;
  readonly units: Readonly<
    Record<'bytes' | 'pixels' | 'side' | 'count', (value: number, figures: Figures) => string>
  >;
}

export const TROUBLE: Words<TroubleWords> = {
  en: {
    causes: {
      notImage: [
        'This is not an image that can be read',
        'Choose a JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP or JPEG XL.',
      ],
      formatNotRead: [
        'This format is not read here',
        'Export the photo as JPEG, PNG or TIFF and drop it again.',
      ],
      empty: ['The file is empty', 'Copy it again from where it came from.'],
      tooManyBytes: ['The file is too large', 'Save it at a lower quality or a smaller size.'],
      tooManyPixels: ['The photo has too many pixels', 'Scale it down and drop it again.'],
      sideTooLong: ['One side of the photo is too long', 'Scale it down or cut it in parts.'],
      memory: [
        'The photo needs more memory than one photo may have',
        'Scale it down or save it with 8 bits per channel.',
      ],
      animation: ['The animation is too long or too large', 'Leave frames out, or scale it down.'],
      tooManyPhotos: [
        'The page holds no more photos',
        'Take ended ones off the list, then add this one again.',
      ],
      broken: [
        'The file is damaged and cannot be read to its end',
        'Export or copy it again from where it came from.',
      ],
      glyph: [
        'The mark’s text has a character that no font here can draw',
        'Change the text of the mark and send the photo again.',
      ],
      font: [
        'No worker has the font that the mark’s text needs',
        'Change the text of the mark, or ask whoever runs the server to add the font.',
      ],
      logoFormat: ['The logo’s format is not read', 'Choose a PNG or WebP as logo.'],
      logoSize: ['The logo is too large', 'Scale the logo down and send the photo again.'],
      logoBroken: [
        'The logo cannot be read, or all of it is transparent',
        'Choose another file as logo.',
      ],
      noMark: ['There is nothing to mark the photo with', 'Write a text or choose a logo.'],
      field: ['The server refuses a setting of the mark', 'Change it and send the photo again.'],
      notEncodable: [
        'The result cannot be written in the format asked for',
        'Choose another output format and send the photo again.',
      ],
      resultSize: [
        'The result would be larger than allowed',
        'Choose a smaller size, a lower quality or another format.',
      ],
      disagreement: [
        'The server did not understand the page',
        'Reload the page: it may be of an older version.',
      ],
      originalGone: [
        'The server does not have the original any more',
        'Send the photo again: it is kept anew.',
      ],
      crash: [
        'This photo brought its worker down more than once',
        'It was taken aside. Try it exported anew; the others are not affected.',
      ],
      cpu: [
        'The photo takes more work than one photo may',
        'Scale it down, or choose another output format.',
      ],
      slowWork: [
        'The photo took longer than one photo may',
        'Send it again; if it fails again, scale it down.',
      ],
      slowUpload: [
        'The upload took too long or stood still',
        'Check the connection and send the photo again.',
      ],
      newerEngine: [
        'The photo asks for a newer worker than there is',
        'The fleet is being renewed: send it again in a few minutes.',
      ],
      triedBefore: [
        'This photo was tried with this mark before, and cannot be marked',
        'Another mark, format or size may work.',
      ],
      gaveUp: [
        'The fleet gave up after several attempts',
        'Send the photo again: it starts afresh.',
      ],
      outage: [
        'A part of the fleet was not there',
        'Nothing is lost. Send the photo again in a moment.',
      ],
      busy: ['The fleet has all the work it can take', 'Send the photo again in a moment.'],
      tooOften: [
        'This server takes only so many photos a minute from one sender',
        'Send the photo again in a moment.',
      ],
      notAllowed: [
        'The key in use does not allow this',
        'Use another key, then send the photo again.',
      ],
      takenOff: ['The job was taken off the queue', 'Send the photo again: it starts afresh.'],
      gone: [
        'The server does not know this photo (any more)',
        'Results are kept for a time only. Send the photo again.',
      ],
      ended: ['The job had already ended', 'Look at its result, or send the photo again.'],
      bug: [
        'Something went wrong inside the server',
        'Send the photo again; if it happens again, please report it.',
      ],
      fileGone: [
        'The page does not have the file any more',
        'Choose or drop the same file again, and it goes on.',
      ],
      offline: [
        'The server could not be reached',
        'Check the connection and send the photo again.',
      ],
      cancelled: ['Cancelled', 'Send it again whenever you like.'],
    },
    format: (format) => `${format} is not read here`,
    begins: (begins) => `It begins with: ${begins}`,
    said: (words) => `The server says: ${words}`,
    unknown: 'It did not work, and the server does not say why',
    askAgain: 'Send the photo again; if it happens again, please report it.',
    limits: (measured, limit) => `: ${measured}, and ${limit} is the limit`,
    units: {
      bytes: (value, figures) => figures.bytes(value),
      pixels: (value, figures) => figures.megapixels(value),
      side: (value, figures) => `${figures.count(value)} pixels`,
      count: (value, figures) => figures.count(value),
    },
  },
  fr: {
    causes: {
      notImage: [
        'Ce n’est pas une image lisible',
        'Choisissez un fichier JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP ou JPEG XL.',
      ],
      formatNotRead: [
        'Ce format n’est pas lu ici',
        'Exportez la photo en JPEG, PNG ou TIFF et déposez-la de nouveau.',
      ],
      empty: ['Le fichier est vide', 'Copiez-le de nouveau depuis sa source.'],
      tooManyBytes: [
        'Le fichier est trop lourd',
        'Enregistrez-le avec une qualité ou une taille moindre.',
      ],
      tooManyPixels: ['La photo a trop de pixels', 'Réduisez-la et déposez-la de nouveau.'],
      sideTooLong: ['Un côté de la photo est trop long', 'Réduisez-la ou découpez-la.'],
      memory: [
        'La photo demande plus de mémoire qu’une photo ne peut en avoir',
        'Réduisez-la ou enregistrez-la en 8 bits par couche.',
      ],
      animation: [
        'L’animation est trop longue ou trop grande',
        'Retirez des images ou réduisez-la.',
      ],
      tooManyPhotos: [
        'La page ne peut contenir plus de photos',
        'Retirez celles qui sont terminées, puis ajoutez celle-ci de nouveau.',
      ],
      broken: [
        'Le fichier est abîmé et ne se lit pas jusqu’au bout',
        'Exportez-le ou copiez-le de nouveau depuis sa source.',
      ],
      glyph: [
        'Le texte du filigrane contient un caractère qu’aucune police ne sait dessiner',
        'Changez le texte et renvoyez la photo.',
      ],
      font: [
        'Aucun ouvrier n’a la police que demande le texte du filigrane',
        'Changez le texte, ou demandez à qui gère le serveur d’ajouter la police.',
      ],
      logoFormat: ['Le format du logo n’est pas lu', 'Choisissez un logo PNG ou WebP.'],
      logoSize: ['Le logo est trop grand', 'Réduisez le logo et renvoyez la photo.'],
      logoBroken: [
        'Le logo est illisible ou entièrement transparent',
        'Choisissez un autre fichier comme logo.',
      ],
      noMark: ['Il n’y a rien à apposer sur la photo', 'Écrivez un texte ou choisissez un logo.'],
      field: ['Le serveur refuse un réglage du filigrane', 'Changez-le et renvoyez la photo.'],
      notEncodable: [
        'Le résultat ne peut être écrit dans le format demandé',
        'Choisissez un autre format de sortie et renvoyez la photo.',
      ],
      resultSize: [
        'Le résultat serait plus lourd que permis',
        'Choisissez une taille ou une qualité moindre, ou un autre format.',
      ],
      disagreement: [
        'Le serveur n’a pas compris la page',
        'Rechargez la page : elle date peut-être d’une autre version.',
      ],
      originalGone: [
        'Le serveur n’a plus l’original',
        'Renvoyez la photo : elle sera conservée de nouveau.',
      ],
      crash: [
        'Cette photo a fait tomber son ouvrier plus d’une fois',
        'Elle a été mise de côté. Essayez de l’exporter de nouveau ; les autres ne sont pas touchées.',
      ],
      cpu: [
        'La photo demande plus de calcul que permis pour une seule',
        'Réduisez-la, ou choisissez un autre format de sortie.',
      ],
      slowWork: [
        'La photo a pris plus de temps que permis',
        'Renvoyez-la ; en cas de nouvel échec, réduisez-la.',
      ],
      slowUpload: [
        'L’envoi a été trop long ou s’est arrêté',
        'Vérifiez la connexion et renvoyez la photo.',
      ],
      newerEngine: [
        'La photo demande un ouvrier plus récent que ceux en service',
        'La flotte est en cours de renouvellement : renvoyez-la dans quelques minutes.',
      ],
      triedBefore: [
        'Cette photo a déjà été tentée avec ce filigrane, sans succès possible',
        'Un autre filigrane, format ou taille peut convenir.',
      ],
      gaveUp: [
        'La flotte a renoncé après plusieurs tentatives',
        'Renvoyez la photo : tout recommence à zéro.',
      ],
      outage: [
        'Une partie de la flotte ne répondait pas',
        'Rien n’est perdu. Renvoyez la photo dans un instant.',
      ],
      busy: [
        'La flotte a tout le travail qu’elle peut prendre',
        'Renvoyez la photo dans un instant.',
      ],
      tooOften: [
        'Ce serveur ne prend que tant de photos par minute d’un même expéditeur',
        'Renvoyez la photo dans un instant.',
      ],
      notAllowed: [
        'La clé utilisée ne permet pas cela',
        'Prenez une autre clé, puis renvoyez la photo.',
      ],
      takenOff: [
        'La tâche a été retirée de la file',
        'Renvoyez la photo : tout recommence à zéro.',
      ],
      gone: [
        'Le serveur ne connaît pas (ou plus) cette photo',
        'Les résultats ne sont gardés qu’un temps. Renvoyez la photo.',
      ],
      ended: ['La tâche était déjà terminée', 'Voyez son résultat, ou renvoyez la photo.'],
      bug: [
        'Une erreur s’est produite dans le serveur',
        'Renvoyez la photo ; si cela se répète, merci de le signaler.',
      ],
      fileGone: [
        'La page n’a plus ce fichier',
        'Choisissez ou déposez de nouveau le même fichier, et l’envoi reprend.',
      ],
      offline: ['Le serveur est injoignable', 'Vérifiez la connexion et renvoyez la photo.'],
      cancelled: ['Annulée', 'Renvoyez-la quand vous voulez.'],
    },
    format: (format) => `Le format ${format} n’est pas lu ici`,
    begins: (begins) => `Il commence par : ${begins}`,
    said: (words) => `Le serveur dit : ${words}`,
    unknown: 'Cela n’a pas marché, et le serveur ne dit pas pourquoi',
    askAgain: 'Renvoyez la photo ; si cela se répète, merci de le signaler.',
    limits: (measured, limit) => ` : ${measured}, pour une limite de ${limit}`,
    units: {
      bytes: (value, figures) => figures.bytes(value),
      pixels: (value, figures) => figures.megapixels(value),
      side: (value, figures) => `${figures.count(value)} pixels`,
      count: (value, figures) => figures.count(value),
    },
  },
};
